"""PK172x and PK173x: granular certificates, their states, claims and storage lots."""

from __future__ import annotations

from parkopt.errors import ServiceFault


class StateForbids(ServiceFault):
    code = "PK1720"
    en = "Certificate bundle {bundle} is {status}; the action {action} is not allowed from there."
    zh = "证书批 {bundle} 的状态为 {status}，不允许执行 {action}。"
    fix_en = "See the table of states in docs/certificates.md."
    fix_zh = "请查阅 docs/certificates.md 中的状态表。"


class NotYourCertificate(ServiceFault):
    code = "PK1721"
    en = "{account} may not {action} certificate bundle {bundle}; only its {who} and the issuer may."
    zh = "{account} 无权对证书批 {bundle} 执行 {action}；仅其 {who} 和签发方可以。"
    fix_en = "Ask the holder, or the operator of the registry."
    fix_zh = "请联系持有人或登记处运营方。"


class UnknownAccount(ServiceFault):
    code = "PK1722"
    en = "{account} is no account of park {park}."
    zh = "{account} 不是园区 {park} 的账户。"
    fix_en = "Open the account first, or correct its name."
    fix_zh = "请先开立账户或更正名称。"


class ClaimTooLarge(ServiceFault):
    code = "PK1723"
    en = "{party} has {free} Wh of unclaimed consumption at {t0}; {wh} Wh cannot be claimed."
    zh = "{party} 在 {t0} 尚未申领的用电量为 {free} Wh，不能申领 {wh} Wh。"
    fix_en = "Claim no more than was consumed in that hour."
    fix_zh = "申领量不得超过该小时的用电量。"


class NotClaimable(ServiceFault):
    code = "PK1724"
    en = "Certificate bundle {bundle} cannot be claimed or stored: {reason}."
    zh = "证书批 {bundle} 不能申领或转入储能：{reason}。"
    fix_en = "Use a certificate of the same hour that was neither exported nor sold as a GEC."
    fix_zh = "请使用同一小时内未上网且绿证未出售的证书。"


class NotMeasured(ServiceFault):
    code = "PK1725"
    en = "The reading of {device} at {t0} is {quality}; certificates are issued from measured readings only."
    zh = "{device} 在 {t0} 的读数为 {quality}；仅可依据实测读数签发证书。"
    fix_en = "Import the measured or corrected reading first."
    fix_zh = "请先导入实测或更正后的读数。"


class AlreadyIssued(ServiceFault):
    code = "PK1726"
    en = "Certificates of {device} at {t0} were already issued up to revision {rev}."
    zh = "{device} 在 {t0} 的证书已签发至修订 {rev}。"
    fix_en = "Correct the generation with a later revision and a reason."
    fix_zh = "请以更高的修订号并附原因更正发电量。"


class WrongQuantity(ServiceFault):
    code = "PK1727"
    en = "{wh} Wh is no valid quantity here: {reason}."
    zh = "{wh} Wh 不是有效的数量：{reason}。"
    fix_en = "Give a whole number of Wh within what there is."
    fix_zh = "请给出不超过现有量的整数 Wh。"


class OtherRequest(ServiceFault):
    code = "PK1728"
    en = "The request key {key} was used before for a different request."
    zh = "请求键 {key} 已用于另一个不同的请求。"
    fix_en = "Use a new key for a new request."
    fix_zh = "新请求请使用新的键。"


class LotsTooSmall(ServiceFault):
    code = "PK1729"
    en = "Storage {store} at {t0}: {reason}."
    zh = "储能 {store} 在 {t0}：{reason}。"
    fix_en = "Certificates of a discharge may not exceed what its lots hold after losses."
    fix_zh = "放电证书不得超过其批次扣除损耗后的电量。"


class GecConflict(ServiceFault):
    code = "PK1730"
    en = "The green certificate {gec} cannot be linked to bundle {bundle}: {reason}."
    zh = "绿证 {gec} 不能关联到证书批 {bundle}：{reason}。"
    fix_en = "Energy that was claimed is not sold, and a Wh is in one GEC at most."
    fix_zh = "已申领的电量不得出售，且每 Wh 至多属于一张绿证。"


class DayPartsDiffer(ServiceFault):
    code = "PK1731"
    en = "The parts of {device} at {t0} sum to {parts} Wh, its energy is {wh} Wh."
    zh = "{device} 在 {t0} 的各部分合计 {parts} Wh，而其电量为 {wh} Wh。"
    fix_en = "Attribute every Wh once: claimed, stored, exported or left."
    fix_zh = "每 Wh 须恰好归属一次：申领、储存、上网或留存。"


class NoCorrection(ServiceFault):
    code = "PK1732"
    en = "The correction of {name} at {t0} cannot be booked: {reason}."
    zh = "{name} 在 {t0} 的更正无法入账：{reason}。"
    fix_en = "Give a reason and a revision above the current one."
    fix_zh = "请给出原因，并使用高于当前的修订号。"

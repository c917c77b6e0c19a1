"""PK16: records, proofs and keys."""

from __future__ import annotations

from parkopt.errors import LedgerFault


class LogBroken(LedgerFault):
    code = "PK1601"
    en = "The log does not hold at record {index}: {reason}."
    zh = "日志在第 {index} 条记录处不成立：{reason}。"
    fix_en = "Do not trust it; compare with an older checkpoint held outside."
    fix_zh = "请勿采信；请与外部保存的旧检查点比对。"


class BadSignature(LedgerFault):
    code = "PK1602"
    en = "The checkpoint is not signed by the key {key}."
    zh = "检查点不是由密钥 {key} 签名的。"
    fix_en = "Ask the park for its verifier key by another way, and compare."
    fix_zh = "请通过其他渠道向园区索取验证公钥并比对。"


class BadProof(LedgerFault):
    code = "PK1603"
    en = "The proof of record {index} does not lead to the signed root."
    zh = "第 {index} 条记录的证明不能得到已签名的根。"
    fix_en = "The record was changed or is not from this log."
    fix_zh = "该记录被改动过，或不属于此日志。"


class NotEvidence(LedgerFault):
    code = "PK1604"
    en = "This is not an evidence file or log of parkopt: {reason}."
    zh = "这不是 parkopt 的证据文件或日志：{reason}。"
    fix_en = "Give the file that `parkopt day` or the service wrote."
    fix_zh = "请给出 `parkopt day` 或服务所写的文件。"


class NotCanonical(LedgerFault):
    code = "PK1605"
    en = "The record holds {value!r}, which has no canonical form."
    zh = "记录中含有 {value!r}，没有规范形式。"
    fix_en = "Write quantities as whole numbers below 2^53 or as text."
    fix_zh = "请把数量写成小于 2^53 的整数或文本。"


class KeyUnreadable(LedgerFault):
    code = "PK1606"
    en = "The signing key {path} cannot be used: {reason}."
    zh = "签名密钥 {path} 无法使用：{reason}。"
    fix_en = "Restore it from your backup; parkopt never replaces a key by itself."
    fix_zh = "请从备份恢复；parkopt 不会自行更换密钥。"


class BadRecord(LedgerFault):
    code = "PK1607"
    en = "The record cannot be logged: {reason}."
    zh = "该记录无法写入日志：{reason}。"
    fix_en = "Nothing of this batch was logged; correct it and append it again."
    fix_zh = "本批记录均未写入；请改正后重新追加。"


class BadVerifierKey(LedgerFault):
    code = "PK1608"
    en = "{value!r} is not a verifier key."
    zh = "{value!r} 不是验证公钥。"
    fix_en = "Give the whole line name+id+key from the .vkey file of the park."
    fix_zh = "请给出园区 .vkey 文件中的整行内容（名称+编号+公钥）。"


class OutsideLog(LedgerFault):
    code = "PK1609"
    en = "The log has {size} record(s); {asked} is not among them."
    zh = "日志共有 {size} 条记录，其中没有 {asked}。"
    fix_en = "Ask for an index or size that the signed checkpoint covers."
    fix_zh = "请给出已签名检查点所覆盖的编号或大小。"


class NothingToProve(LedgerFault):
    code = "PK1610"
    en = "No record of the log is among those asked for."
    zh = "日志中没有所要求的记录。"
    fix_en = "Check the park, enterprise and date; run and log the day first."
    fix_zh = "请检查园区、企业和日期；并先计算和记录该日。"


class MonthClosed(LedgerFault):
    code = "PK1611"
    en = "The month {month} is closed: {reason}."
    zh = "{month} 月已结账：{reason}。"
    fix_en = "After the close only corrections may follow (status corrected, or a revision of 1 or more)."
    fix_zh = "结账后只能追加更正记录（status 为 corrected，或 revision 不小于 1）。"


class KeyRevoked(LedgerFault):
    code = "PK1612"
    en = "The key {key} was given up at {size} record(s): {reason}."
    zh = "密钥 {key} 已在第 {size} 条记录处停用：{reason}。"
    fix_en = "Ask the park for its new verifier key by another way; trust the old one up to that size only."
    fix_zh = "请通过其他渠道向园区索取新的验证公钥；旧公钥仅在该大小之内可信。"

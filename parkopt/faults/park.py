"""PK12: the park file and the files that it names."""

from __future__ import annotations

from parkopt.errors import ParkFault


class NotYaml(ParkFault):
    code = "PK1201"
    en = "The file cannot be read as YAML: {reason}."
    zh = "无法按 YAML 读取该文件：{reason}。"
    fix_en = "Check the indentation, brackets and encoding (UTF-8) there."
    fix_zh = "请检查此处的缩进、括号和编码（UTF-8）。"


class UnknownKey(ParkFault):
    code = "PK1202"
    en = "The key {key!r} is not known here{hint}."
    zh = "此处没有键 {key!r}{hint}。"
    fix_en = "Known keys: {known}."
    fix_zh = "可用的键：{known}。"


class MissingKey(ParkFault):
    code = "PK1203"
    en = "The key {key!r} is missing."
    zh = "缺少键 {key!r}。"
    fix_en = "Add it: {example}."
    fix_zh = "请补上：{example}。"


class WrongValue(ParkFault):
    code = "PK1204"
    en = "{value!r} is not allowed: {reason}."
    zh = "取值 {value!r} 不被允许：{reason}。"
    fix_en = "Correct it; docs/park_file.md lists what is allowed."
    fix_zh = "请更正；docs/park_file.md 列出了允许的取值。"


class UnknownKind(ParkFault):
    code = "PK1205"
    en = "The asset kind {kind!r} is not known."
    zh = "未知的设备类型 {kind!r}。"
    fix_en = "Known kinds: {known}."
    fix_zh = "可用类型：{known}。"


class BrokenReference(ParkFault):
    code = "PK1206"
    en = "{name!r} is named here but the park file does not define it."
    zh = "此处引用的 {name!r} 在园区文件中没有定义。"
    fix_en = "Define it, or name one of: {known}."
    fix_zh = "请先定义，或改为：{known}。"


class DuplicateKey(ParkFault):
    code = "PK1207"
    en = "The key {key!r} stands twice."
    zh = "键 {key!r} 出现了两次。"
    fix_en = "Keep one of the two."
    fix_zh = "请只保留一个。"


class WrongCount(ParkFault):
    code = "PK1208"
    en = "The park needs {expected} assets of kind {kind!r} and has {count}."
    zh = "园区需要 {expected} 个 {kind!r} 类设备，实有 {count} 个。"
    fix_en = "Add or remove one."
    fix_zh = "请增减。"

"""PK17: store and service."""

from __future__ import annotations

from parkopt.errors import ServiceFault


class NotFound(ServiceFault):
    code = "PK1701"
    en = "There is no {what} {key!r}."
    zh = "没有 {what} {key!r}。"
    fix_en = "List what there is, then ask again."
    fix_zh = "请先列出现有内容再查询。"


class StoreUnusable(ServiceFault):
    code = "PK1702"
    en = "The database {url} cannot be used: {reason}."
    zh = "数据库 {url} 无法使用：{reason}。"
    fix_en = "Check PARKOPT_DATABASE_URL and the folder's rights."
    fix_zh = "请检查 PARKOPT_DATABASE_URL 和目录权限。"


class NotAllowed(ServiceFault):
    code = "PK1703"
    en = "The request carries no valid API key."
    zh = "请求没有有效的 API 密钥。"
    fix_en = "Send the key in the header X-API-Key."
    fix_zh = "请在请求头 X-API-Key 中给出密钥。"


class OpenToAll(ServiceFault):
    code = "PK1704"
    en = "The service would listen on {host} without an API key."
    zh = "服务将在没有 API 密钥的情况下监听 {host}。"
    fix_en = "Set PARKOPT_API_KEY, or listen on 127.0.0.1."
    fix_zh = "请设置 PARKOPT_API_KEY，或改为监听 127.0.0.1。"


class BadRequest(ServiceFault):
    code = "PK1705"
    en = "The request is not understood: {reason}."
    zh = "无法理解该请求：{reason}。"
    fix_en = "See /docs for the form of each request."
    fix_zh = "请求格式见 /docs。"

"""PK135x, PK1008, PK1706: weather services and formats beyond CSV and EPW."""

from __future__ import annotations

from parkopt.errors import DataFault, ServiceFault, UsageFault


class NeedsExtra(UsageFault):
    code = "PK1008"
    en = "{what} needs the package {package}, which is not installed."
    zh = "{what} 需要软件包 {package}，但尚未安装。"
    fix_en = "Install it with: pip install 'parkopt[{extra}]'"
    fix_zh = "请安装：pip install 'parkopt[{extra}]'"


class NoWeather(ServiceFault):
    code = "PK1706"
    en = "The weather service {url} gave no forecast: {reason}."
    zh = "气象服务 {url} 未给出预报：{reason}。"
    fix_en = "Try again later, or plan with a weather file: --weather FILE."
    fix_zh = "请稍后重试，或使用气象文件：--weather 文件。"


class NotAGridPoint(DataFault):
    code = "PK1352"
    en = "The file covers {covers}; {latitude:.2f} N {longitude:.2f} E is outside."
    zh = "文件范围为 {covers}，不含 {latitude:.2f} N {longitude:.2f} E。"
    fix_en = "Download the area around the park, one grid cell wider on each side."
    fix_zh = "请下载包含园区的区域，四周各多一个网格。"


class UnknownFormat(DataFault):
    code = "PK1353"
    en = "This is none of the weather formats that parkopt reads: {reason}."
    zh = "无法识别的气象文件格式：{reason}。"
    fix_en = "docs/weather.md lists the formats; a table of your own is read as CSV with --weather-map."
    fix_zh = "支持的格式见 docs/weather.md；自有表格可用 --weather-map 按 CSV 读取。"


class TiltedPlane(DataFault):
    code = "PK1354"
    en = "The irradiance is that of a tilted plane (slope: {slope}); it does not give that of a horizontal one."
    zh = "文件中的辐照度属于倾斜面（倾角：{slope}），无法还原为水平面辐照度。"
    fix_en = "Ask PVGIS for hourly data with slope 0 and radiation components (angle=0&components=1), or for a TMY."
    fix_zh = "请向 PVGIS 索取倾角为 0 且含辐射分量的逐时数据（angle=0&components=1），或典型年（TMY）。"


class UnclearSums(DataFault):
    code = "PK1355"
    en = "The file is too short to tell over what time its {column} is summed."
    zh = "文件过短，无法判断 {column} 的累计时段。"
    fix_en = "Give at least a whole day of it."
    fix_zh = "请提供至少一整天的数据。"

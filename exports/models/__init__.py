from exports.models.finding import Part, RunState, SourceRun, Withholding
from exports.models.handover import Act, ActKind, Bundle, Download, RecipientTold, Report
from exports.models.source import DataMapVersion, DataSource

__all__ = [
    "Act",
    "ActKind",
    "Bundle",
    "DataMapVersion",
    "DataSource",
    "Download",
    "Part",
    "RecipientTold",
    "Report",
    "RunState",
    "SourceRun",
    "Withholding",
]

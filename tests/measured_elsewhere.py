"""Files of tests whose branches, but for one in forty of all, other tests run as well: coverage leaves them out.

Measured, a test takes half as long again; these took six tenths of the time of all that were measured. What only they
run is told as missing in the report of ``./run test``, which is lower by so much. With MEASURE_EVERY_TEST=1 they are
measured, too.
Found with ``pytest --cov --cov-context=test``: of all files those that show the fewest new branches for their time.
"""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parent
NAMES: dict[str, str] = {
    "exports": "company",
    "exports/admin": "corrections findings panels passages waiving withholding",
    "exports/bundle": "contents detector spreadsheet",
    "exports/documents": "sandbox",
    "exports/fulfil": """
        account approving_together asking_owners blacking_out by_hand checking choosing correcting
        corrections_in_between deleting deleting_instead ending_half_done every_database files_and_services
        following_corrections full_disk gathering giving_up handing_over holding interrupted_gathering keeping
        near_misses opting_out refused_items replaying_what_is_held replaying_what_was_kept schedules
        services_by_half staying_corrected stuck_sources supporting telling_by_batch upkeep whom_to_tell
        whose_data withholding
    """,
    "exports/reports": "case_report ordering pdf",
    "exports/sources": """
        access breaking_off changed_contents chosen_records deleting encodings finding_people keys_seen
        leading_up matching odd_values pages probe
    """,
    "exports/web": "download transferring",
    "requests_app": "consistency machine moves",
    "requests_app/admin": "bad_input_at_every_door case_page free_answers making_moves queue roles",
    "requests_app/api": "schema",
    "requests_app/example_company": "the_whole_way",
    "requests_app/services": """
        checking closing codes confirming denied_before excessive few_tries history identity limit linking
        opt_out_list opt_outs opting_in partial_refusals pausing people refusing reopening sending_on
        statements whose_data working
    """,
    "requests_app/web": "case_page filing letters",
}
FILES = frozenset(ROOT / place / f"test_{name}.py" for place, names in NAMES.items() for name in names.split())

"""The environment of the tests: loaded by pytest's -p before Django reads its settings."""

import atexit
import base64
import os
import shutil
import tempfile

# Made for the tests with `vault newmaster` and published here: it protects nothing.
TEST_MASTER_KEY = (
    "eyJwcmltYXJ5S2V5SWQiOjc2MzI5NTc3Nywia2V5IjpbeyJrZXlEYXRhIjp7InR5cGVVcmwiOiJ0eXBlLmdvb2dsZWFwaXMu"
    "Y29tL2dvb2dsZS5jcnlwdG8udGluay5BZXNHY21LZXkiLCJ2YWx1ZSI6IkdpQ2tTR3pTWk12aUNVajdoaFhZSXVaZnR6WGxY"
    "TGkyQ3AxT0lXUCthaVBmakE9PSIsImtleU1hdGVyaWFsVHlwZSI6IlNZTU1FVFJJQyJ9LCJzdGF0dXMiOiJFTkFCTEVEIiwi"
    "a2V5SWQiOjc2MzI5NTc3Nywib3V0cHV0UHJlZml4VHlwZSI6IlRJTksifV19"
)

TEST_SIGNING_KEY = base64.b64encode(b"only for the tests' signatures..").decode()

DEFAULTS = {
    "DSAR_SECRET_KEY": "only-for-tests-" + "x" * 40,
    "DSAR_MASTER_KEY": TEST_MASTER_KEY,
    "DSAR_TIME_ZONE": "America/Los_Angeles",
    "DJANGO_SETTINGS_MODULE": "dsar.settings",
}

for name, value in DEFAULTS.items():
    os.environ.setdefault(name, value)

if "DSAR_DATA_DIR" not in os.environ:  # made once: pytest's workers inherit it
    os.environ["DSAR_DATA_DIR"] = tempfile.mkdtemp(prefix="dsar-tests-")
    atexit.register(shutil.rmtree, os.environ["DSAR_DATA_DIR"], ignore_errors=True)

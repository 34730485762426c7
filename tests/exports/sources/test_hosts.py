"""What of an address is shown and accepted: where it leads, and nothing of users and passwords."""

from __future__ import annotations

import pytest

from exports.sources.datamap import read_data_map
from exports.sources.errors import NotSetUpError
from exports.sources.hosts import host_of, is_host
from tests.exports.sources import small_company
from tests.exports.sources.service import MAP as SERVICE

SQL = small_company.MAP
FILES = """\
source: partner
title: Partner
connector: files
{bucket}role: controller
purposes: {{main: keeping}}
origins: {{people: people}}
collections:
  - name: letters
    title: Letters
    files: letters.csv
    format: csv
    provided_by_person: true
    purposes: [main]
    collected_from: [people]
    reached: [{{by: email, column: email, compare: email}}]
    on_delete: delete
    fields: [{{column: email, title: E-mail, category: identifiers}}]
"""
BUCKET = "bucket: {access_key: PARTNER_ACCESS_KEY, secret_key: PARTNER_SECRET_KEY}\n"


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("postgresql://reader:secret@DB.example.com/shop", "db.example.com:5432/shop"),
        ("postgresql+psycopg://reader:secret@db.example.com:5432/shop?sslmode=require", "db.example.com:5432/shop"),
        ("postgres://db.example.com:6432/shop", "db.example.com:6432/shop"),
        ("mariadb+pymysql://reader:sec/ret#?@db/shop", "db:3306/shop"),
        ("mysql://reader@[2001:db8::1]:3307/shop", "[2001:db8::1]:3307/shop"),
        ("postgresql:///shop?host=/run/a&password=secret&port=1&sslpassword=x", "/shop?host=/run/a&port=1"),
        ("postgresql://db/shop?service=other", "db:5432/shop?service=other"),
        ("postgresql://db/shop?options=-csearch_path%3Dother", "db:5432/shop?options=-csearch_path=other"),
        ("postgresql://db/shop?application_name=a@b", "db:5432/shop"),
        ("mysql:///?read_default_file=/etc/other.cnf", "/?read_default_file=/etc/other.cnf"),
        ("sqlite:////srv/shop.sqlite3", "/srv/shop.sqlite3"),
        ("ibm_db_sa://reader:secret@db:50000/shop", "db:50000/shop"),
        ("oracle+oracledb://reader:secret@db:1521/?service_name=other", "db:1521/?service_name=other"),
        ("mssql+pyodbc://reader:secret@db/shop?Addr=other&Encrypt=no", "db/shop?Addr=other&Encrypt=no"),
        ("hana://reader:secret@db:39015/?databaseName=other", "db:39015/?databaseName=other"),
        ("snowflake://acme/shop?warehouse=w&private_key_path=/k&PWD=secret", "acme/shop?warehouse=w"),
        ("", ""),
    ],
)
def test_of_a_database_server_port_and_name_are_left(url: str, host: str) -> None:
    assert host_of(read_data_map(SQL), url) == host


@pytest.mark.parametrize(
    "url", ["postgresql://u:sec@ret@db/shop", "postgresql://u:p@db/sh@op", "secret", "mssql://db/?odbc_connect=secret"]
)
def test_what_could_be_read_in_two_ways_is_refused_without_a_word_of_it(url: str) -> None:
    with pytest.raises(NotSetUpError, match="its URL is not understood") as refused:
        host_of(read_data_map(SQL), url)
    assert url not in str(refused.value)


@pytest.mark.parametrize(
    ("bucket", "url", "host"),
    [
        ("", "/srv/drop/partner one", "/srv/drop/partner one"),
        (BUCKET, "https://s3.example.com/drop/partner/", "s3.example.com/drop/partner"),
        (BUCKET, "https://S3.example.com:9000/drop", "s3.example.com:9000/drop"),
    ],
)
def test_of_files_it_is_the_folder_or_the_bucket(bucket: str, url: str, host: str) -> None:
    assert host_of(read_data_map(FILES.format(bucket=bucket)), url) == host


def test_of_a_service_it_is_the_host_whatever_the_path() -> None:
    service = read_data_map(SERVICE)
    assert host_of(service, "https://api.example.com/v1") == host_of(service, "https://API.example.com/v2/")
    assert host_of(service, "https://api.example.com/v1") == "api.example.com"
    with pytest.raises(NotSetUpError):
        host_of(service, "https://[broken")


@pytest.mark.parametrize("text", ["", " db", "u:p@db/shop", "https://db", "db\n", "d" * 501, "db\x00"])
def test_no_host_is_what_has_a_user_or_is_a_whole_address(text: str) -> None:
    assert not is_host(text)

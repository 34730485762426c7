pytest_plugins = ["tests.clean_database", "tests.services"]

"""The settings of an installation as one JSON file: from a trial to production, or to keep."""

"""Write the OpenAPI document to where hosting serves it (`make openapi`)."""

from shared.commands.openapi.document import FILE, as_text

if __name__ == "__main__":
    FILE.write_text(as_text(), encoding="utf-8")

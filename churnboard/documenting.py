"""The documentation of models, columns and lineage."""

from churnboard.shared import app, configure_logging, console, installation, settings


@app.command()
def docs() -> None:
    """Write dbt's documentation of every model and column, with lineage, as one page that opens in a browser."""
    from orchestration.docs import write_documentation

    configure_logging("WARNING")
    chosen = settings()
    written = write_documentation(installation(chosen), chosen.stores.data_dir / "docs")
    whose = "this installation's warehouse" if written.is_of_installation else "an empty warehouse built for it"
    console.print(f"The documentation, with the catalogue of {whose}, is one file. Open it in a browser:")
    console.print(written.page.resolve().as_uri(), soft_wrap=True)

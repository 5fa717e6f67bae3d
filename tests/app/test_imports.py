import subprocess
import sys

UNWANTED = {"tensorflow", "keras", "openvino", "imagecodecs", "pydicom", "training", "benchmarks"}


def test_importing_the_service_imports_no_engine_and_no_training() -> None:
    script = (
        "import sys, app.main, app.cli, app.commands.serve, app.commands.predict, app.commands.models\n"
        f"print(sorted({{name.partition('.')[0] for name in sys.modules}} & {UNWANTED}))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"

import subprocess
import sys


def test_importing_the_service_imports_neither_tensorflow_nor_training() -> None:
    script = (
        "import sys, app.main, app.cli, app.commands.serve, app.commands.predict, app.commands.models\n"
        "print(sorted({name.partition('.')[0] for name in sys.modules} & {'tensorflow', 'keras', 'training'}))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"

"""The example bodies that the documentation shows."""

from typing import Any

from app.problem_types import NOT_READY, ProblemType
from app.problems import problem_of
from app.tasks import TASKS, Task, task_named

Json = dict[str, Any]

REQUEST_ID = "0b9f7f0c4f6e4c0f9d9a4c1f3f2f8a11"
SHA256 = "5f1d0c3b8a2e4f6071829a3b4c5d6e7f8091a2b3c4d5e6f708192a3b4c5d6e7f"
OTHER_SHA256 = "c0ffee3b8a2e4f6071829a3b4c5d6e7f8091a2b3c4d5e6f708192a3b4c5d6e7f"
TEXT = "Oil prices rose after OPEC agreed to cut output by 1.5 mln barrels per day."
OTHER_TEXT = "The bank raised its prime lending rate to 8-1/4 pct from eight pct."
REFUSED = "saved_model.pb: its sha256 is not the one in the manifest"
NEWER_SERVES = "version 2 serves"


def problem_example(type_: ProblemType) -> Json:
    """Return an error's body."""
    return problem_of(type_, type_.example, REQUEST_ID).model_dump(mode="json")


def answer_example(task: Task) -> Json:
    """Return a task's answer."""
    label, probability = max(task.example, key=lambda item: item[1])
    decision = {"positive": True, "threshold": 0.5} if task.has_threshold else {}
    return {
        "task": task.name,
        "label": label,
        "probability": probability,
        "probabilities": dict(task.example),
        "in_distribution": True,
        "ood_score": 0.938214,
        "model": {"version": 2, "sha256": SHA256},
        "request_id": REQUEST_ID,
        **decision,
    }


def explained_picture_example(task: Task) -> Json:
    """Return a task's answer with its heat map, here of few cells."""
    return {**answer_example(task), "heatmap": [[-0.412857, 1.730522, 0.208341], [0.116043, 3.902718, 1.077926]]}


def explained_text_example(task: Task) -> Json:
    """Return a task's answer to `TEXT` with its words."""
    words = {"oil": 0.871342, "opec": 0.604919, "barrels": 0.332815, "output": 0.120448, "mln": 0.040127}
    return {**answer_example(task), "words": [{"word": word, "evidence": weight} for word, weight in words.items()]}


def readiness_example() -> Json:
    """Return each task's readiness when all is well."""
    return {task.name: {"state": "available", "version": 2, "reason": None} for task in TASKS}


def not_ready_example() -> Json:
    """Return the problem of a service of which one task cannot be answered."""
    refused = {"state": "unavailable", "version": None, "reason": f"version 2: {REFUSED}"}
    return {**problem_example(NOT_READY), "tasks": {**readiness_example(), "digit": refused}}


def task_models_example() -> Json:
    """Return a task and its versions."""
    task = task_named("pneumonia")
    return {
        "task": task.name,
        "title": task.title,
        "summary": task.summary,
        "state": "available",
        "version": 2,
        "reason": None,
        "engine": "openvino",
        "engine_reason": "the fastest that is installed and gives the golden answers",
        "versions": [
            {"version": 3, "state": "refused", "reason": REFUSED, "sha256": None, "manifest": None},
            {
                "version": 2,
                "state": "available",
                "reason": None,
                "sha256": SHA256,
                "manifest": _manifest_example(task),
            },
            {"version": 1, "state": "not_loaded", "reason": NEWER_SERVES, "sha256": None, "manifest": None},
        ],
    }


def reloaded_example() -> Json:
    """Return what a reload answers."""
    now, before = {"version": 3, "sha256": OTHER_SHA256}, {"version": 2, "sha256": SHA256}
    return {"task": "pneumonia", "model": now, "previous": before, "loaded": [3], "processes": 1}


def _manifest_example(task: Task) -> Json:
    auc = {"value": 0.9832, "low": 0.9764, "high": 0.9891}
    return {
        "schema_version": 1,
        "task": task.name,
        "version": 2,
        "created": "2025-03-01T12:00:00Z",
        "recipe": "efficientnet",
        "seed": 1,
        "command": "quartet train pneumonia --recipe efficientnet",
        "libraries": {"tensorflow": "2.20.0"},
        "parameters": 3412866,
        "labels": [label for label, _ in task.example],
        "input": {"kind": "image", "mode": "L", "height": 224, "width": 224, "resize": "bilinear"},
        "temperature": 1.31,
        "operating_point": {
            "positive": "PNEUMONIA",
            "threshold": 0.5,
            "chosen_by": "the highest balanced accuracy on validation",
            "sensitivity": {"value": 0.961, "low": 0.944, "high": 0.975},
            "specificity": {"value": 0.938, "low": 0.906, "high": 0.963},
        },
        "ood": {
            "method": "Mahalanobis distance",
            "threshold": 1.84,
            "chosen_by": "99 % of validation lies below",
        },
        "dataset": {
            "name": "chest X-rays",
            "digest": OTHER_SHA256,
            "train": 4434,
            "validation": 782,
            "validation_fraction": 0.15,
            "grouped_by": "patient",
            "skipped": 0,
        },
        "metrics": [{"split": "validation", "examples": 782, "values": {"auc": auc}}],
        "files": {"golden.npz": OTHER_SHA256, "saved_model.pb": SHA256},
    }

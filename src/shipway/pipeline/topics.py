"""Topics of the signals between the parts of one process; a deployment's id is the topic of its steps and logs."""

#: Something was enqueued, or a service became free.
QUEUE = "queue"
#: Something is kept warm from now on.
STANDBY = "standby"
#: There is a one-off run that nobody attends to.
RUNS = "runs"
#: The server is about to close: what streams without end should end now.
CLOSING = "closing"


def cancel(deployment_id: str) -> str:
    """Someone asked to cancel this deployment."""
    return f"cancel:{deployment_id}"


def promotion(deployment_id: str) -> str:
    """Someone gave the word for this deployment, which is ready."""
    return f"promotion:{deployment_id}"


def one_off(run_id: str) -> str:
    """Something happened to a one-off run: it wrote, somebody wants its end, it is over."""
    return f"run:{run_id}"


def one_off_output(run_id: str) -> str:
    """A detached one-off run wrote something, or is over."""
    return f"run-output:{run_id}"

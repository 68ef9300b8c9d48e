"""Topics of the signals between the parts of one process; a deployment's id is the topic of its steps and logs."""

#: Something was enqueued, or a service became free.
QUEUE = "queue"
#: Something is kept warm from now on.
STANDBY = "standby"
#: The server is about to close: what streams without end should end now.
CLOSING = "closing"


def cancel(deployment_id: str) -> str:
    """Someone asked to cancel this deployment."""
    return f"cancel:{deployment_id}"


def promotion(deployment_id: str) -> str:
    """Someone gave the word for this deployment, which is ready."""
    return f"promotion:{deployment_id}"

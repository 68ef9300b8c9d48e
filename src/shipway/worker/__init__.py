"""What works in the background: deployments from the queue, and the janitor that puts right what nobody else will."""

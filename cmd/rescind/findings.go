package main

// findingsCommand is how people work without Slack. Its commands open the store
// themselves and carry nothing out: what they record, the worker does.
func findingsCommand() command {
	cmds := []command{findingsListCommand(), findingsShowCommand(), findingsRevertCommand(), findingsKeepCommand(), findingsExemptCommand(), findingsUndoCommand()}
	return group("findings", "list and show findings; revert, keep, exempt and undo without Slack", "rescind findings list --config rescind.yaml --state open", cmds)
}

package main

// findingsCommand is how people work without Slack. Its commands open the store
// themselves and carry nothing out: what they record, the worker does.
func findingsCommand() command {
	return group("findings", "list and show findings; revert, keep, exempt and undo without Slack",
		"rescind findings list --config rescind.yaml --state open", []command{
			findingsListCommand(), findingsShowCommand(),
			findingsRevertCommand(), findingsKeepCommand(), findingsExemptCommand(), findingsUndoCommand(),
		})
}

// aboutOne is the command line of a command about one finding.
type aboutOne struct {
	config, format string
	id             string
}

// aboutOne reads it, with the command's other flags, which are defined before. A
// finding's id is the one operand.
func (f *flags) aboutOne(args []string) (aboutOne, error) {
	var o aboutOne
	f.StringVar(&o.config, "config", "", "")
	f.StringVar(&o.format, "format", "table", "")
	operands, err := f.parse(args)
	switch {
	case err != nil:
		return o, err
	case len(operands) != 1:
		return o, usagef("want one finding's id, got %d", len(operands))
	}
	o.id = operands[0]
	return o, checkFormat(o.format)
}

func checkFormat(format string) error {
	if format != "table" && format != "json" {
		return usagef("--format is %q, want table or json", format)
	}
	return nil
}

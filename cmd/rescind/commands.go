package main

// commands lists the subcommands in the order the overview shows them.
func commands() []command {
	return []command{
		demoCommand(),
		serveCommand(),
		replayCommand(),
		scanCommand(),
		policyCommand(),
		findingsCommand(),
		auditCommand(),
		pauseCommand(),
		resumeCommand(),
	}
}

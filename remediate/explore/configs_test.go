package explore_test

import (
	"time"

	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/finding"
)

var (
	asked   = [][]string{{"mallory makes api public", "event 1 comes"}}
	agreed  = append([][]string{{"mallory makes api public", "event 1 comes", "ada clicks revert on 1", "bob clicks revert on 1"}}, asked...)
	carried = append([][]string{{"mallory makes api public", "event 1 comes", "ada clicks revert on 1", "bob clicks revert on 1", "a sweep"}}, agreed...)
	deploy  = [][]string{{"mallory's deploy begins", "event 1 comes", "the deploy shows"}}

	twice = [][]string{{"mallory's deploy begins", "eve's deploy begins", "event 1 comes", "event 2 comes", "the deploy shows", "the deploy ends", "event 3 comes"}}

	all  = []finding.Choice{finding.ChooseRevert, finding.ChooseKeep, finding.ChooseExempt, finding.ChooseUndo}
	some = []finding.Choice{finding.ChooseRevert, finding.ChooseUndo}
)

func quorum(revert, keep, exempt, undo int) map[finding.Choice]int {
	return map[finding.Choice]int{finding.ChooseRevert: revert, finding.ChooseKeep: keep, finding.ChooseExempt: exempt, finding.ChooseUndo: undo}
}

// configs are the set-ups whose stories are told.
func configs() []*config {
	return []*config{
		{
			name: "audit", enforce: policies.Audit, onExpiry: remediate.LeaveOnExpiry, script: grants(), openings: asked, choices: all, scans: true,
			troubles: []trouble{{"IAM", "denies writes"}, {"Slack", "down"}}, fallbackAfter: 10 * time.Minute,
		},
		{
			name: "asks", enforce: policies.Approve, onExpiry: remediate.LeaveOnExpiry, quorum: quorum(1, 1, 1, 1), script: grants(), openings: asked, choices: all,
			troubles: []trouble{{"IAM", "slow"}, {"IAM", "refuses writes"}, {"directory", "down"}}, pauses: true, scans: true,
		},
		{
			name: "asks two", enforce: policies.Approve, onExpiry: remediate.LeaveOnExpiry, quorum: quorum(2, 2, 2, 2), script: grants(), openings: carried, choices: all,
			troubles: []trouble{{"directory", ada}}, leaves: true, handOver: true,
		},
		{
			name: "silence reverts", enforce: policies.Approve, onExpiry: remediate.RevertOnExpiry, script: grants(), openings: asked, choices: some,
			limits: remediate.Limits{PerPolicyHour: 1}, troubles: []trouble{{"IAM", "down"}, {"IAM", "denies writes"}}, pauses: true,
		},
		{
			name: "escalates", enforce: policies.Approve, onExpiry: remediate.EscalateOnExpiry, script: grants(), openings: asked, choices: some, pager: true, pageAfter: 20 * time.Minute,
			fallbackAfter: 10 * time.Minute, troubles: []trouble{{"Slack", "down"}, {"Slack", "revoked"}, {"Slack", "limited"}, {"Slack", "in line"}, {"pager", "down"}, {"exporter", "down"}},
		},
		{
			name: "reverts", enforce: policies.Revert, onExpiry: remediate.LeaveOnExpiry, script: grants(), openings: asked, choices: all, quorum: quorum(1, 1, 2, 1), pauses: true,
			limits:   remediate.Limits{PerPolicyHour: 2, SameChange: 1, FightWindow: 24 * time.Hour},
			troubles: []trouble{{"IAM", "slow"}, {"IAM", "fails writes"}, {"IAM", "is busy"}, {"IAM", "unreadable"}},
		},
		{
			name: "reverts later", enforce: policies.Revert, onExpiry: remediate.LeaveOnExpiry, script: widened(), openings: asked, choices: some,
			limits: remediate.Limits{Grace: time.Minute, PerProjectHour: 1}, troubles: []trouble{{"IAM", "down"}}, scans: true, pager: true, pageAfter: 20 * time.Minute,
		},
		{
			name: "a deploy in halves", enforce: policies.Approve, onExpiry: remediate.LeaveOnExpiry, script: deploysTwice(), less: 1, openings: append(twice, deploy...), choices: all, quorum: quorum(1, 1, 1, 1), pager: true,
			troubles: []trouble{{"IAM", "slow"}, {"IAM", "down"}},
		},
		{
			name: "a deploy reported", enforce: policies.Audit, onExpiry: remediate.LeaveOnExpiry, script: deploys(), openings: deploy, choices: some,
		},
		{
			name: "a deploy reverted", enforce: policies.Revert, onExpiry: remediate.LeaveOnExpiry, script: deploys(), openings: deploy, choices: some,
			troubles: []trouble{{"IAM", "slow"}, {"exporter", "down"}},
		},
		{
			name: "a deploy reverted later", enforce: policies.Revert, onExpiry: remediate.LeaveOnExpiry, script: deploys(), openings: deploy, choices: some,
			limits: remediate.Limits{Grace: time.Minute},
		},
		{
			name: "confirmed", enforce: policies.Revert, onExpiry: remediate.RevertOnExpiry, script: grants(), openings: asked, choices: some, confirms: true,
			troubles: []trouble{{"Logging", "has none"}, {"Logging", "has another"}, {"Logging", "down"}, {"Logging", "denies"}},
		},
		{
			name: "a group", enforce: policies.Approve, onExpiry: remediate.LeaveOnExpiry, grouped: true, less: 1, script: burst(), openings: [][]string{{"mallory makes api public", "event 1 comes", "mallory makes web public", "event 2 comes"}}, quorum: quorum(1, 2, 2, 1),
			choices: []finding.Choice{finding.ChooseRevert, finding.ChooseKeep}, pager: true, troubles: []trouble{{"Slack", "down"}},
		},
		{
			name: "made by a foreigner", enforce: policies.Approve, onExpiry: remediate.LeaveOnExpiry, script: federated(), openings: asked, choices: all, quorum: quorum(1, 1, 1, 1),
		},
		{
			name: "made by an account", enforce: policies.Approve, onExpiry: remediate.LeaveOnExpiry, script: mechanical(), openings: asked, choices: all, quorum: quorum(1, 1, 1, 1),
		},
		{
			name: "made by an account that is explained", enforce: policies.Approve, onExpiry: remediate.LeaveOnExpiry, script: mechanical(), openings: asked, choices: all, quorum: quorum(1, 2, 1, 1),
			explained: true, troubles: []trouble{{"directory", "down"}, {"directory", ada}},
		},
		{
			name: "nothing to revert", enforce: policies.Approve, onExpiry: remediate.RevertOnExpiry, script: grants(), openings: asked, choices: all, quorum: quorum(1, 1, 1, 1), bare: true, scans: true,
		},
		{
			name: "two at once", enforce: policies.Approve, onExpiry: remediate.LeaveOnExpiry, script: atOnce(), choices: some, limits: remediate.Limits{TotalHour: 1}, scans: true,
			openings: [][]string{{"mallory makes api public twice", "event 1 comes"}, {"mallory makes api public twice", "event 1 comes", "ada clicks revert on 1"}},
		},
		{
			name: "on its page alone", enforce: policies.Approve, onExpiry: remediate.LeaveOnExpiry, script: grants(), openings: asked, choices: all, quorum: quorum(1, 1, 1, 1),
			stepUp: map[policies.Severity]bool{policies.High: true},
		},
	}
}

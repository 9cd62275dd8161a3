// Package google reads and changes Google Cloud through Google's own gRPC
// clients, behind the interfaces that package remediate declares.
//
// It promises that every write names the version it was decided on (an etag),
// touches only the fields it is about, that every request has a deadline, and
// that no project and region sees more requests a minute than limits.go says.
// It decides nothing: no retries of a lost race, no judgement of what it reads.
//
// gRPC, not REST, because a protocol buffer keeps the fields it does not know
// through a read-modify-write, and JSON drops them: a job is written whole.
//
//   - client.go and connect.go open the connections; limits.go, place.go and
//     sharedturns.go keep to the rates, lists.go and operations.go read pages and
//     wait for what takes long; errors.go says in remediate's words what went wrong
//   - policies.go, policyedit.go, workloads.go, revisions.go, updates.go and
//     orgpolicies.go read and change what is live
//   - facts.go answers what policies ask, from constraints.go, identities.go,
//     assets.go and hierarchy.go; cache.go keeps what they read, and reading.go says
//     for how long and what changes it
//   - entrylookup.go looks log entries up, inventory.go lists what a scan goes through, and
//     listed.go hands it the workloads that a list showed
//   - auditlog.go and topic.go take what rescind has to say out
package google

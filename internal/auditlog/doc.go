// Package auditlog reads Cloud Audit Logs entries as cloud.Changes.
//
// Decode promises that no input makes it panic, that one input always gives
// one answer, and that nothing a policy could be about is dropped in silence:
// an entry is a change, or one of five errors says why it is none.
//
// # What is read
//
// Only the activity log is read; the name of the log is compared decoded and
// whole, because anybody who may write logs can write one whose name merely
// ends like it. Within it (serviceName, last segments of methodName) choose the
// reader: Cloud Run's services, jobs, worker pools and instances in both of its APIs,
// SetIamPolicy of projects, folders, organizations and service accounts,
// organization policies, and the functions that own a Cloud Run service. Both
// shapes of a workload are read wherever a workload is expected, and both
// spellings of a key (serviceAccount, service_account): no complete v2 entry
// has been seen in public, and v1 shapes do occur under v2 methods.
//
// # What it says
//
// What was stored (the response) is preferred to what was asked (the request),
// value by value. What an entry leaves open is Unknown and listed in
// Change.Unread with the reason; it is never filled in by a guess. A service
// account is Unset only where a create shows its template and no account in it.
// The fields of Unread are "identity", "invoker check", "grants", "constraint",
// "resource" (the region, or a service account's e-mail, is not named) and
// "stored policy" (Policy is what was asked for, and the response is missing).
//
// A container's SetIamPolicy is judged by its delta alone, as its bodies show
// old grants beside new ones; so Policy stays nil. A delta without bindings (of
// the audit configuration only) added nothing. A Cloud Run entry has no delta,
// and Policy is all of the policy after the call.
//
// # What is malformed
//
// A value of the wrong type in the envelope is unreadable where the entry
// cannot be judged without it (protoPayload, serviceName, methodName, logName,
// timestamp, status) and otherwise taken as absent. In a body it is taken as
// absent, and nothing is concluded from what else that body leaves out: the
// identity, the invoker check or the grants are Unknown then, and Unread says
// which value was of which type. Of an entry that Cloud Logging has split, the
// bodies are not read at all, since any piece of them may be in another entry.
//
// An entry without insertId or timestamp has no ID, so it is never taken for a
// duplicate. One without a timestamp has the time it was received, or none,
// and counts as stale.
//
// Of a key that is there twice the last one counts, and letter case does not
// tell keys apart, as in all of encoding/json. Google writes every key outside
// of labels and annotations, so neither is a way to hide one.
//
// # The files
//
// decode.go is the way from an entry to a change. services.go has the log and the
// services, methods.go their methods. run.go, resourcemanager.go,
// serviceaccount.go, orgpolicy*.go and functions.go each recognise the calls of
// one of them; name.go and runname.go say what is named. envelope.go, split.go and
// body.go are what every entry has, header.go and actor.go what every change has.
// written.go, object.go, params.go and workloadafter.go read what a call made of a
// workload, allowpolicy.go and delta.go what it made of an allow policy.
package auditlog

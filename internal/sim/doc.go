// Package sim is a simulated Google Cloud, for the demo and for tests. What
// else is simulated knows nothing of it and has a package of its own below:
// Slack, Pub/Sub's pushes, and Identity-Aware Proxy.
//
// The cloud is one in-memory model with three faces: gRPC, which the real Go
// clients talk to; REST with JSON, transcoded from the google.api.http
// annotations; and the v1 paths that gcloud uses. Whatever is written through
// one face is read through the others, and every write is told to the audit
// log in the words of the face it came through.
//
// It is meant to refuse what Google Cloud refuses: etags go stale, conditions
// are hidden from old readers, a revision name cannot be used twice. It knows
// no permissions (Fail injects a refusal where one is needed), bills nothing,
// runs nothing, and forgets everything when the process ends.
//
//   - cloud.go is the Cloud, server.go serves it, seed.go sets what stands there
//     from the beginning, snapshot.go shows it, fault.go breaks it
//   - workload*.go, revision.go, reconcile.go and operation.go are the model of Cloud
//     Run; container.go, iam.go, grant.go, serviceaccount.go and constraint.go that of
//     what holds it
//   - v2*.go, resourcemanager.go, projects.go, orgpolicy.go, roles.go, assets.go and
//     logging.go are the gRPC services, with updatemask.go, paging.go and caller.go
//   - v1*.go and knative*.go are the paths of gcloud
//   - audit.go writes the entry of every write
//
// Tests of iap, jwt, push and transcode stand here, in one binary with those of the
// cloud, as gRPC takes long to link.
package sim

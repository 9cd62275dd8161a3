// Package runrest reads over REST what Cloud Run's gRPC clients do not have yet: previews.
package runrest

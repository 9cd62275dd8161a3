// Package history finds the inputs of a replay that are not files: objects of Cloud
// Storage, and what Cloud Logging still holds. It reads over the APIs' JSON, as whoever runs
// the command, and can write nothing: no request of it but GET, and the list of entries.
//
//   - history.go tells inputs apart, api.go asks and asks again
//   - bucket.go is gs://BUCKET/PREFIX, logging.go logging://projects/P
package history

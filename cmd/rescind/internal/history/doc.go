// Package history finds the inputs of a replay that are not files: objects of Cloud
// Storage, what Cloud Logging still holds, and tables of BigQuery. It reads over the APIs' JSON, as whoever runs
// the command, and can write nothing: no request of it but GET, the list of entries and a query.
//
//   - history.go tells inputs apart, api.go asks and asks again
//   - bucket.go is gs://BUCKET/PREFIX, logging.go logging://projects/P, bigquery.go
//     bigquery://PROJECT.DATASET.TABLE
package history

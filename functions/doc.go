// Package functions is what the network can reach: HTTP entry points that turn
// what arrives into one typed call, and its outcome into one status code.
//
// The status says whether to come again, nothing else. Pub/Sub drops a message
// on a 2xx answer and redelivers it on any other, so what can never be handled
// is logged, counted and answered 204, and only what may pass is answered 503.
package functions

// Package directory says who is a member of Google groups, as Cloud Identity tells it.
package directory

#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace derwent::store {

// The name of a SQLite VFS that is the VFS `under` (empty: the system's), but for this: what a connection appends to
// the log of changes (`-wal`) is gathered and written with one call before it is synced, read, cut or measured, instead
// of two calls a page. Readers lose nothing: they read a page of the log only once the index names it, which SQLite
// updates after the sync. A failed write is thus told by the sync, with the write's own code, and the commit fails as
// before; or, in a transaction over the cache, by a read of the log, as an error of the medium, which undoes the
// transaction. For connections with `synchronous=FULL` only: without a sync a commit would wait unseen.
//
// Registered once a name and for the life of the process; thread-safe. Error: kInternal where `under` is not known.
absl::StatusOr<std::string> LogWritesOver(const std::string& under);

}  // namespace derwent::store

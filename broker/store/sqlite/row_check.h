#pragma once

#include <sqlite3.h>

namespace derwent::store {

// Registers the SQL function row_check(value, …): the first 8 octets of SHA-256 over the values, each as type ‖ u64be
// length ‖ octets (an integer: 8 octets big-endian; NULL: none). Tables outside the log keep it in a generated column,
// so that a byte that changed on the medium is noticed. It guards against decay, not against a forger. Returns SQLite's
// code.
int RegisterRowCheck(sqlite3* database);

}  // namespace derwent::store

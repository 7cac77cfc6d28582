#pragma once

#include <optional>
#include <string>

#include "absl/strings/string_view.h"

#include "policy/engine/request.h"

namespace derwent::policy {

// The route of a case-data request by what it names (domain brief H), read alike by its asker, the broker and its
// holder: in an emergency the glass is broken; a request that names a document is a statutory one. Absent: the engine
// derives it from purpose and role.
//
// What says whom it is about, the asker's own push, is on the same route: the written request says it to who must
// answer
// (`tells_whom` of a gateway). A referral is on no such route, whatever it names.
std::optional<Route> AskedRoute(absl::string_view purpose, absl::string_view document_reference);
// Its name; empty where it is absent.
std::string AskedRouteName(absl::string_view purpose, absl::string_view document_reference);

// The board for which a role is sought that asks: where none is named, a board's profile is the board's.
inline const std::string& AskedBoard(const std::string& board, const std::string& profile) {
  return board.empty() ? profile : board;
}

}  // namespace derwent::policy

#include "agents/sdk/channel/peer_check.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "trust/base/status_macros.h"
#include "trust/identity/spiffe.h"

namespace derwent::agents {

absl::Status CheckPeer(const std::vector<absl::string_view>& uri_names, absl::string_view expected) {
  if (uri_names.size() != 1) {
    return absl::UnauthenticatedError("the server's certificate does not name exactly one SPIFFE id");
  }
  const absl::string_view uri = uri_names.front();
  if (!trust::SpiffeId::Parse(uri).ok()) {
    return absl::UnauthenticatedError("the server's certificate does not carry a SPIFFE id of this kind");
  }
  bool same = uri == expected;
  if (absl::EndsWith(expected, "/*")) {
    const absl::string_view prefix = expected.substr(0, expected.size() - 1);
    same = absl::StartsWith(uri, prefix) && uri.find('/', prefix.size()) == absl::string_view::npos;
  }
  if (!same) return absl::UnauthenticatedError(absl::StrCat("the server is `", uri, "`, expected `", expected, "`"));
  return absl::OkStatus();
}

}  // namespace derwent::agents

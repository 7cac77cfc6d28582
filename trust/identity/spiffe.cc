#include "trust/identity/spiffe.h"

#include <algorithm>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace derwent::trust {
namespace {

bool IsPart(absl::string_view part) {
  return !part.empty() && part != "." && part != ".." && std::all_of(part.begin(), part.end(), [](char c) {
    return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '.' || c == '-' || c == '_';
  });
}

}  // namespace

absl::string_view CallerKindName(CallerKind kind) {
  switch (kind) {
    case CallerKind::kAgent:
      return "agent";
    case CallerKind::kConsole:
      return "console";
    case CallerKind::kPerson:
      return "person";
    case CallerKind::kBroker:
      return "broker";
  }
  return "";
}

absl::StatusOr<SpiffeId> SpiffeId::Parse(absl::string_view uri) {
  absl::string_view rest = uri;
  if (uri.size() > 255 || !absl::ConsumePrefix(&rest, "spiffe://"))
    return absl::InvalidArgumentError("not a SPIFFE id");
  const std::vector<absl::string_view> parts = absl::StrSplit(rest, '/');
  if (!std::all_of(parts.begin(), parts.end(), IsPart))
    return absl::InvalidArgumentError("a part of the SPIFFE id is malformed");
  if (parts.size() == 3 && parts[1] == "broker") {
    return SpiffeId{.trust_domain = std::string(parts[0]),
                    .agency = "",
                    .kind = CallerKind::kBroker,
                    .name = std::string(parts[2])};
  }
  if (parts.size() == 5 && parts[1] == "agency") {
    for (const CallerKind kind : {CallerKind::kAgent, CallerKind::kConsole, CallerKind::kPerson}) {
      if (parts[3] != CallerKindName(kind)) continue;
      return SpiffeId{.trust_domain = std::string(parts[0]),
                      .agency = std::string(parts[2]),
                      .kind = kind,
                      .name = std::string(parts[4])};
    }
  }
  return absl::InvalidArgumentError("the SPIFFE id names neither a broker nor an agency's agent, console or person");
}

std::string SpiffeId::ToString() const {
  if (kind == CallerKind::kBroker) return absl::StrCat("spiffe://", trust_domain, "/broker/", name);
  return absl::StrCat("spiffe://", trust_domain, "/agency/", agency, "/", CallerKindName(kind), "/", name);
}

}  // namespace derwent::trust

#include "broker/exchange/officer/credentials.h"

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "trust/base/status_macros.h"

namespace derwent::exchange {
namespace {

constexpr size_t kLongestSerial = 40;

// A setting: `<milliseconds since 1970> <agency> <opaque person id, or nothing>`.
std::string NameOf(absl::string_view serial) { return absl::StrCat("credential/", serial); }

}  // namespace

bool IsSerial(absl::string_view text) {
  return !text.empty() && text.size() <= kLongestSerial &&
         std::ranges::all_of(text, [](char c) { return absl::ascii_isdigit(c) || (c >= 'a' && c <= 'f'); });
}

absl::Status KeepCredential(const Caller& caller, Batch& batch) {
  const std::string name = NameOf(caller.serial);
  ASSIGN_OR_RETURN(const std::optional<std::string> kept, batch.read().GetSetting(name));
  if (kept.has_value()) return absl::OkStatus();
  return batch.write().PutSetting(
      name, absl::StrCat(absl::ToUnixMillis(batch.now()), " ", caller.agency(), " ", caller.person()));
}

absl::StatusOr<std::optional<Credential>> FindCredential(absl::string_view serial, absl::string_view agency,
                                                         store::Reader& reader) {
  ASSIGN_OR_RETURN(const std::optional<std::string> kept, reader.GetSetting(NameOf(serial)));
  if (!kept.has_value()) return std::optional<Credential>();
  const std::vector<std::string> words = absl::StrSplit(*kept, ' ');
  int64_t millis = 0;
  if (words.size() != 3 || !absl::SimpleAtoi(words[0], &millis))
    return absl::DataLossError("a kept credential does not parse");
  if (words[1] != agency) return std::optional<Credential>();
  return std::optional<Credential>(
      Credential{.agency = words[1], .person = words[2], .first_time = absl::FromUnixMillis(millis)});
}

}  // namespace derwent::exchange

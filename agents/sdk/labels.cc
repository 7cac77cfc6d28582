#include "agents/sdk/labels.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"

#include "agents/sdk/project.h"

namespace derwent::agents {
namespace {

constexpr size_t kMaxContactField = 256;

absl::Status Mislabelled(absl::string_view category, absl::string_view form) {
  return absl::FailedPreconditionError(
      absl::StrCat("MISLABELLED: a unit holds more than `", category, "` in form `", form, "`"));
}

// Octets for comparison of two messages of one type in one process only.
std::string Comparable(const google::protobuf::Message& message) {
  std::string octets;
  {
    google::protobuf::io::StringOutputStream stream(&octets);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    message.SerializeToCodedStream(&coded);
  }
  return octets;
}

bool HasUnknown(const google::protobuf::Message& message) {
  return !message.GetReflection()->GetUnknownFields(message).empty();
}

bool Short(const std::string& field) { return field.size() <= kMaxContactField; }

bool Code(const std::string& field) {
  return Short(field) && std::ranges::all_of(field, [](char c) {
           return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '.' || c == '_' || c == '-';
         });
}

bool FactsAreReduced(const v1::UnitContent& content) {
  v1::UnitContent again = content;
  if (!ProjectAgain(again, Pseudonymiser()).ok()) return false;
  return Comparable(again) == Comparable(content);
}

bool SummaryHolds(const v1::UnitContent& content) {
  return content.has_summary() && !HasUnknown(content.summary()) && content.summary().text().size() <= kMaxSummary &&
         !content.summary().author().empty() && Short(content.summary().author()) && Short(content.summary().as_at());
}

bool ContactHolds(const v1::UnitContent& content) {
  const v1::OwnerContact& owner = content.owner_contact();
  return content.has_owner_contact() && !HasUnknown(owner) && Code(owner.agency()) && Code(owner.spoc_role()) &&
         Short(owner.phone()) && Short(owner.email());
}

bool RelayHolds(const v1::UnitContent& content) {
  const v1::RelayRoute& relay = content.relay();
  return content.has_relay() && !HasUnknown(relay) && Code(relay.agency()) && Code(relay.supporter_role()) &&
         Code(relay.instruction());
}

}  // namespace

absl::Status CheckLabel(const v1::UnitContent& content, absl::string_view category, absl::string_view form,
                        absl::string_view neutral_of) {
  if (content.category() != category || content.form() != form || HasUnknown(content))
    return Mislabelled(category, form);
  bool holds = false;
  if (content.content_case() == v1::UnitContent::kNeutral) {
    holds = !neutral_of.empty() && content.neutral() == NeutralText(neutral_of);
  } else if (HoldsFacts(form)) {
    holds = FactsAreReduced(content);
  } else if (form == "summarise") {
    holds = SummaryHolds(content);
  } else if (form == "contact_owner") {
    holds = ContactHolds(content);
  } else if (form == "relay") {
    holds = RelayHolds(content);
  }
  return holds ? absl::OkStatus() : Mislabelled(category, form);
}

}  // namespace derwent::agents

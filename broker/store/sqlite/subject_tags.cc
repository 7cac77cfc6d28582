#include "broker/store/sqlite/subject_tags.h"

#include "trust/base/digest.h"

namespace derwent::store {
namespace {

constexpr size_t kNumber = 4;
constexpr size_t kPair = kNumber + Sha256Digest::kSize;

}  // namespace

std::string EncodeSubjectTags(absl::Span<const SubjectTag> tags) {
  std::string octets;
  octets.reserve(tags.size() * kPair);
  for (const SubjectTag& tag : tags) {
    for (int shift = 24; shift >= 0; shift -= 8) octets.push_back(static_cast<char>(tag.subject >> shift));
    octets += tag.tag;
  }
  return octets;
}

absl::StatusOr<std::vector<SubjectTag>> DecodeSubjectTags(absl::string_view octets) {
  if (octets.size() % kPair != 0) return absl::DataLossError("store: the tags of a part are cut");
  std::vector<SubjectTag> tags;
  for (; !octets.empty(); octets.remove_prefix(kPair)) {
    SubjectTag& tag = tags.emplace_back();
    for (size_t i = 0; i < kNumber; ++i) tag.subject = tag.subject << 8 | static_cast<uint8_t>(octets[i]);
    tag.tag = std::string(octets.substr(kNumber, Sha256Digest::kSize));
  }
  return tags;
}

}  // namespace derwent::store

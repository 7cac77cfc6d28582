#include "trust/entry/erasure_record.h"

#include <limits>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

#include "trust/base/status_macros.h"
#include "trust/note/tlog_proof.h"

namespace derwent::trust {
namespace {

constexpr absl::string_view kHead = "derwent.erasure/v1";
// A checkpoint has a size of 2^63 - 1 at most: counting up to its last entry never wraps.
constexpr uint64_t kLastIndex = std::numeric_limits<int64_t>::max() - 1;

absl::Status Malformed(absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("erasure record: ", why));
}

std::string Numbers(const std::vector<uint64_t>& numbers) {
  std::vector<std::string> words;
  for (size_t i = 0; i < numbers.size();) {
    size_t end = i + 1;
    while (end < numbers.size() && numbers[end] == numbers[end - 1] + 1) ++end;
    words.push_back(end - i == 1 ? absl::StrCat(numbers[i]) : absl::StrCat(numbers[i], "-", numbers[end - 1]));
    i = end;
  }
  return absl::StrJoin(words, " ");
}

absl::StatusOr<std::vector<uint64_t>> ParseNumbers(absl::string_view text) {
  std::vector<uint64_t> numbers;
  for (const absl::string_view word : absl::StrSplit(text, ' ')) {
    const std::vector<absl::string_view> ends = absl::StrSplit(word, '-');
    uint64_t first = 0;
    uint64_t last = 0;
    if (ends.size() > 2 || !absl::SimpleAtoi(ends.front(), &first) || !absl::SimpleAtoi(ends.back(), &last) ||
        last < first || last > kLastIndex) {
      return Malformed("a target is no index");
    }
    for (uint64_t index = first; index <= last; ++index) {
      if (numbers.size() == ErasureRecord::kMostTargets) return Malformed("too many targets");
      numbers.push_back(index);
    }
  }
  return numbers;
}

std::string FieldNumbers(const FieldSet& fields) {
  std::vector<uint64_t> numbers;
  for (size_t i = 0; i < fields.size(); ++i) {
    if (fields.test(i)) numbers.push_back(i + 1);
  }
  return Numbers(numbers);
}

bool IsMonth(absl::string_view month) {
  return month.size() == 7 && month[4] == '-' && absl::ascii_isdigit(month[0]) && absl::ascii_isdigit(month[1]) &&
         absl::ascii_isdigit(month[2]) && absl::ascii_isdigit(month[3]) && absl::ascii_isdigit(month[5]) &&
         absl::ascii_isdigit(month[6]);
}

// `request OWNER OTHER` or `schedule POLICY`.
absl::Status ReadAuthority(absl::string_view line, ErasureRecord& record) {
  if (absl::ConsumePrefix(&line, "schedule ")) {
    ASSIGN_OR_RETURN(record.policy, Sha256Digest::FromHex(line));
    return absl::OkStatus();
  }
  const std::pair<absl::string_view, absl::string_view> both = absl::StrSplit(line, absl::MaxSplits(' ', 1));
  if (both.first != "request") return Malformed("neither request nor schedule");
  const std::pair<absl::string_view, absl::string_view> two = absl::StrSplit(both.second, absl::MaxSplits(' ', 1));
  ErasureRecord::Approvals approvals;
  ASSIGN_OR_RETURN(approvals.owner, Sha256Digest::FromHex(two.first));
  ASSIGN_OR_RETURN(approvals.other, Sha256Digest::FromHex(two.second));
  record.approvals = approvals;
  return absl::OkStatus();
}

}  // namespace

FieldSet PersonFields() {
  FieldSet fields;
  for (const Field field :
       {Field::kReleasingPerson, Field::kReceivingPerson, Field::kSubjectTags, Field::kSubjectRole, Field::kGrounds}) {
    fields.set(static_cast<size_t>(field) - 1);
  }
  return fields;
}

FieldSet AllFields() { return FieldSet().set(); }

std::string ErasureRecord::ToBody() const {
  const std::string authority = scheduled() ? absl::StrCat("schedule ", policy->hex())
                                            : absl::StrCat("request ", approvals.value_or(Approvals()).owner.hex(), " ",
                                                           approvals.value_or(Approvals()).other.hex());
  return absl::StrCat(kHead, "\ntargets ", Numbers(targets), "\nfields ", FieldNumbers(fields),
                      "\nbodies 17 19\nmonth ", month, "\n", authority, "\n");
}

absl::StatusOr<ErasureRecord> ErasureRecord::Parse(absl::string_view body) {
  const std::vector<absl::string_view> lines = absl::StrSplit(body, '\n');
  if (lines.size() != 7 || !absl::StartsWith(lines[1], "targets ")) return Malformed("not its shape");
  ErasureRecord record;
  ASSIGN_OR_RETURN(record.targets, ParseNumbers(lines[1].substr(8)));
  const bool whole = lines[2] == absl::StrCat("fields ", FieldNumbers(AllFields()));
  record.fields = whole ? AllFields() : PersonFields();
  absl::string_view month = lines[4];
  if (!absl::ConsumePrefix(&month, "month ") || !IsMonth(month)) return Malformed("no month");
  record.month = std::string(month);
  RETURN_IF_ERROR(ReadAuthority(lines[5], record));
  for (size_t i = 1; i < record.targets.size(); ++i) {
    if (record.targets[i - 1] >= record.targets[i]) return Malformed("the targets do not ascend");
  }
  if (record.scheduled() != whole) return Malformed("the fields are not those of its authority");
  // Everything else that a text could say otherwise.
  if (record.ToBody() != body) return Malformed("not its shape");
  return record;
}

absl::StatusOr<std::string> CloseReceipt(absl::string_view tlog_proof, const FieldSet& which) {
  ASSIGN_OR_RETURN(TlogProof proof, TlogProof::Parse(tlog_proof));
  ASSIGN_OR_RETURN(Opening opening, Opening::Parse(proof.extra));
  for (size_t i = 0; i < kFieldCount; ++i) {
    if (which.test(i))
      opening.items[i] = Opening::Item{.hash = opening.items[i].hash, .value = std::nullopt, .salt = ""};
  }
  proof.extra = opening.ToExtra();
  return proof.ToString();
}

}  // namespace derwent::trust

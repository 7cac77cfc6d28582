#include "agents/sdk/record_check.h"

#include <algorithm>
#include <initializer_list>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

#include "agents/sdk/references.h"
#include "derwent/v1/options.pb.h"
#include "trust/base/london.h"

namespace derwent::agents {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// What the forms cut to a month or a year is a date; so are these, which never leave the holder or never change.
bool IsDate(const FieldDescriptor& field) {
  const v1::Reduce& reduce = field.options().GetExtension(v1::reduce);
  for (const v1::Reduction one : {reduce.generalise(), reduce.mask(), reduce.pseudonymise(), reduce.flag_only()}) {
    if (one == v1::REDUCTION_MONTH || one == v1::REDUCTION_YEAR) return true;
  }
  return field.name() == "date_of_birth" || field.name() == "as_at";
}

// `YYYY`, `YYYY-MM` or `YYYY-MM-DD`, then perhaps a time of day.
bool IsIsoDate(std::string text) {
  if (text.size() > 10 && text[10] == 'T') {
    const auto clock = [](char c) {
      return absl::ascii_isdigit(static_cast<unsigned char>(c)) ||
             absl::string_view(":.Z+-").find(c) != absl::string_view::npos;
    };
    if (!std::ranges::all_of(text.substr(11), clock)) return false;
    text.resize(10);
  }
  if (text.size() == 4) text += "-01-01";
  if (text.size() == 7) text += "-01";
  return ParseDay(text).ok();
}

// Walks a record and remembers what is wrong with it.
class RecordChecker {
 public:
  RecordChecker(absl::CivilDay today, std::vector<FieldProblem>& problems)
      : today_(FormatDay(today)), problems_(problems) {}

  // As deep as the record's schema, which no message of it repeats.
  void Check(const Message& message, const std::string& path) {
    if (const auto* identifier = dynamic_cast<const v1::IdentifierFact*>(&message)) CheckIdentifier(*identifier, path);
    std::vector<const FieldDescriptor*> set;
    message.GetReflection()->ListFields(message, &set);
    for (const FieldDescriptor* field : set) {
      const int count = field->is_repeated() ? message.GetReflection()->FieldSize(message, field) : 1;
      for (int i = 0; i < count; ++i) {
        const std::string name = absl::StrCat(path, path.empty() ? "" : ".", field->name());
        CheckField(message, *field, i, field->is_repeated() ? absl::StrCat(name, "[", i, "]") : name);
      }
    }
  }

 private:
  void CheckField(const Message& message, const FieldDescriptor& field, int index, const std::string& path) {
    const Reflection& reflection = *message.GetReflection();
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_MESSAGE:
        return Check(field.is_repeated() ? reflection.GetRepeatedMessage(message, &field, index)
                                         : reflection.GetMessage(message, &field),
                     path);
      case FieldDescriptor::CPPTYPE_INT32:
        if (!field.is_repeated()) CheckNumber(field, reflection.GetInt32(message, &field), path);
        return;
      case FieldDescriptor::CPPTYPE_STRING:
        if (!field.is_repeated() && IsDate(field)) CheckDate(field, reflection.GetString(message, &field), path);
        return;
      default:
        return;
    }
  }

  void CheckNumber(const FieldDescriptor& field, int32_t number, const std::string& path) {
    const int32_t least = field.name() == "year_group" ? -1 : 0;
    if (number < least) problems_.push_back({path, absl::StrCat("must be ", least, " or more")});
  }

  void CheckDate(const FieldDescriptor& field, const std::string& text, const std::string& path) {
    if (!IsIsoDate(text)) {
      problems_.push_back({path, "must be an ISO 8601 date: YYYY, YYYY-MM or YYYY-MM-DD"});
      return;
    }
    const bool past = field.name() == "date_of_birth" || field.name() == "date_of_death";
    // As text, to the precision that is known.
    if (past && text.substr(0, 10) > today_.substr(0, text.size()))
      problems_.push_back({path, "must not be after today"});
  }

  void CheckIdentifier(const v1::IdentifierFact& identifier, const std::string& path) {
    const bool said_right =
        identifier.check() == v1::IDENTIFIER_CHECK_PASSED || identifier.check() == v1::IDENTIFIER_CHECK_VERIFIED;
    if (identifier.type() != v1::IDENTIFIER_TYPE_NHS || !said_right) return;
    if (!ParseIdentifier(absl::StrCat("nhs:", identifier.value())).ok())
      problems_.push_back({absl::StrCat(path, ".value"), "must be an NHS number with a right check digit"});
  }

  const std::string today_;
  std::vector<FieldProblem>& problems_;
};

}  // namespace

std::vector<FieldProblem> CheckRecord(const v1::CaseRecord& record, absl::CivilDay today) {
  std::vector<FieldProblem> problems;
  RecordChecker(today, problems).Check(record, "");
  return problems;
}

std::vector<FieldProblem> CheckNames(const v1::CaseRecord& record) {
  std::vector<FieldProblem> problems;
  const auto check = [&](const std::string& name, int fact, const char* field) {
    if (name.size() > kMaxNameOctets)
      problems.push_back({absl::StrCat("identity.facts[", fact, "].", field),
                          absl::StrCat("must have ", kMaxNameOctets, " octets at most")});
  };
  for (int i = 0; i < record.identity().facts_size(); ++i) {
    const v1::IdentityFact& fact = record.identity().facts(i);
    check(fact.surname(), i, "surname");
    check(absl::StrJoin(fact.given_names(), " "), i, "given_names");
  }
  return problems;
}

}  // namespace derwent::agents

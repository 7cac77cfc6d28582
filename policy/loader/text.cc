#include "policy/loader/text.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "google/protobuf/io/tokenizer.h"
#include "google/protobuf/text_format.h"

namespace derwent::policy {
namespace {

using google::protobuf::Descriptor;

std::vector<std::string> FieldsOf(const Descriptor* message) {
  std::vector<std::string> fields;
  for (int i = 0; message != nullptr && i < message->field_count(); ++i) fields.push_back(message->field(i)->name());
  return fields;
}

// A parser that is told to go on at an unknown field calls it a warning; here it is an error as any other.
class Collector final : public google::protobuf::io::ErrorCollector {
 public:
  Collector(absl::string_view path, const Descriptor& message, Problems& problems)
      : path_(path), message_(message), problems_(problems) {}
  void AddError(int line, int column, const std::string& message) override {
    Say(line, absl::StrCat(message, " (column ", column + 1, ")"), absl::StrCat("see proto/", message_.file()->name()));
  }
  void AddWarning(int line, int column, const std::string& message) override {
    unknown_ = true;
    // `Message type "derwent.v1.Profile" has no field named "necesary".`
    const std::vector<std::string> parts = absl::StrSplit(message, '"');
    if (parts.size() != 5 || !absl::StrContains(parts[2], "no field named")) return AddError(line, column, message);
    const std::string closest = Closest(parts[3], FieldsOf(message_.file()->pool()->FindMessageTypeByName(parts[1])));
    Say(line, absl::StrCat("no field is called `", parts[3], "` (column ", column + 1, ")"),
        closest.empty() ? absl::StrCat("see proto/", message_.file()->name())
                        : absl::StrCat("did you mean `", closest, "`?"));
  }
  bool unknown() const { return unknown_; }

 private:
  void Say(int line, std::string message, std::string advice) {
    problems_.At({.severity = Severity::kError,
                  .file = std::string(path_),
                  .line = line + 1,
                  .rule = "syntax",
                  .message = std::move(message),
                  .advice = std::move(advice)});
  }

  absl::string_view path_;
  const Descriptor& message_;
  Problems& problems_;
  bool unknown_ = false;
};

}  // namespace

TextRead ReadText(const Files& files, absl::string_view path, google::protobuf::Message& message, Problems& problems) {
  const auto file = files.find(std::string(path));
  if (file == files.end()) {
    problems.Error(path, "", "file", "the file is missing");
    return TextRead::kBroken;
  }
  Collector collector(path, *message.GetDescriptor(), problems);
  auto lines = std::make_unique<FieldLines>();
  google::protobuf::TextFormat::Parser parser;
  parser.AllowUnknownField(true);  // Told of all the same: so every one is named, not just the first.
  parser.RecordErrorsTo(&collector);
  parser.WriteLocationsTo(lines.get());
  parser.SetRecursionLimit(16);
  const bool parsed = parser.ParseFromString(file->second, &message);
  problems.Keep(path, message.GetDescriptor(), std::move(lines));
  return !parsed ? TextRead::kBroken : collector.unknown() ? TextRead::kButForUnknownFields : TextRead::kWhole;
}

bool ParseText(const Files& files, absl::string_view path, google::protobuf::Message& message, Problems& problems) {
  return ReadText(files, path, message, problems) == TextRead::kWhole;
}

}  // namespace derwent::policy

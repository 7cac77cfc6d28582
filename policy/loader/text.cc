#include "policy/loader/text.h"

#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "google/protobuf/io/tokenizer.h"
#include "google/protobuf/text_format.h"

namespace derwent::policy {
namespace {

class Collector final : public google::protobuf::io::ErrorCollector {
 public:
  Collector(absl::string_view path, absl::string_view schema, Problems& problems)
      : path_(path), schema_(schema), problems_(problems) {}
  void AddError(int line, int column, const std::string& message) override {
    problems_.At({.severity = Severity::kError,
                  .file = std::string(path_),
                  .line = line + 1,
                  .rule = "syntax",
                  .message = absl::StrCat(message, " (column ", column + 1, ")"),
                  .advice = absl::StrCat("see proto/", schema_)});
  }

 private:
  absl::string_view path_;
  absl::string_view schema_;
  Problems& problems_;
};

}  // namespace

bool ParseText(const Files& files, absl::string_view path, google::protobuf::Message& message, Problems& problems) {
  const auto file = files.find(std::string(path));
  if (file == files.end()) {
    problems.Error(path, "", "file", "the file is missing");
    return false;
  }
  Collector collector(path, message.GetDescriptor()->file()->name(), problems);
  auto lines = std::make_unique<FieldLines>();
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&collector);
  parser.WriteLocationsTo(lines.get());
  parser.SetRecursionLimit(16);
  const bool parsed = parser.ParseFromString(file->second, &message);
  problems.Keep(path, message.GetDescriptor(), std::move(lines));
  return parsed;
}

}  // namespace derwent::policy

#include "agents/cli/policy/agreement_command.h"

#include <memory>
#include <string>

#include "agents/cli/policy/agreement_text.h"
#include "agents/cli/policy/pdf.h"
#include "agents/cli/policy/reporting.h"

namespace derwent::cli {
namespace {

struct Options {
  std::string directory, id;
  std::string file = "-";
  std::string pdf;
  bool article30 = false;
};

int Agreement(const Options& o) {
  const absl::StatusOr<OfflinePolicy> offline = GoodPolicy(o.directory);
  if (!offline.ok()) return FailPolicy(offline.status());
  const absl::StatusOr<AgreementText> text = ReadAgreementText(*offline, o.id);
  if (!text.ok()) return FailPolicy(text.status());
  if (!o.pdf.empty()) {
    const absl::Status printed = WritePdf(AgreementHtml(*text), o.pdf);
    return printed.ok() ? kPolicyDone : FailPolicy(printed, kPolicyFailed);
  }
  const absl::Status written = WriteOutput(o.file, o.article30 ? Article30Csv(*text) : AgreementHtml(*text));
  return written.ok() ? kPolicyDone : FailPolicy(written, kPolicyFailed);
}

}  // namespace

void AddAgreementCommand(CLI::App& policy, int& exit_code) {
  const auto o = std::make_shared<Options>();  // Kept by CLI11's callback.
  CLI::App* const agreement = policy.add_subcommand(
      "agreement", "the Information Sharing Agreement for people, as HTML that prints; or its record of processing");
  agreement->add_option("directory", o->directory, "the policy's folder")->required();
  agreement->add_option("id", o->id, "agreement id")->required();
  CLI::Option* const pdf = agreement->add_option(
      "--pdf", o->pdf, "write it as PDF to this file instead; needs the Debian package weasyprint");
  agreement
      ->add_flag("--article30", o->article30,
                 "the record of processing as CSV instead, in the columns of the ICO's template")
      ->excludes(pdf);
  agreement->add_option("--file", o->file, "where to write; - for standard output")
      ->capture_default_str()
      ->excludes(pdf);
  agreement->callback([o, &exit_code] { exit_code = Agreement(*o); });
}

}  // namespace derwent::cli

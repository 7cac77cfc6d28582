#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace derwent::cli {

// Prints HTML to a PDF file with Debian's weasyprint, which fetches nothing for a document that names no other file.
// The file appears whole or not at all.
//
// Errors: kFailedPrecondition the program is missing: says which package
//         kUnavailable        it failed, or the file cannot be written
absl::Status WritePdf(absl::string_view html, const std::string& path);

}  // namespace derwent::cli

#pragma once

#include "absl/strings/string_view.h"

// The written request that a statutory request rests on. It is kept by who made it and who got it; here is only its
// reference, which stands in manifests and entries, where no person may be named.

namespace derwent::policy {

// What is told to whoever gives another reference.
inline constexpr char kDocumentReferenceRule[] =
    "is empty, a UUID in lowercase, or the written request's reference: 3 to 40 of A-Z 0-9 . / - that begin with a "
    "letter "
    "and hold a digit, without a run of over 8 letters or 8 digits, and without a date";

// Whether `text` is the reference of a document, as an office numbers what it sends: `ASBCR/2026/0117`, or a UUID.
// Words, names, dates of birth, telephone and NHS numbers are not.
bool IsDocumentReference(absl::string_view text);

}  // namespace derwent::policy

// The mark of a data folder: DATA/format, a text file that says which format (catalog/format.h) its data has. It is read before
// anything of the folder is opened, so that a program which does not know the format leaves every byte as it is.
#pragma once
#include <string>

#include "base/result.h"

namespace bascule::app {

// unsupported: the folder's data is of a newer program. corrupt: the mark is there and says nothing that can be read.
Result<void> check_data_format(const std::string& data);

// Raises the mark to what this program writes, durably; nothing where it is there already. For whoever holds the folder's lock,
// before the first byte of a newer format is written. Errors as above; exhausted, permission_denied: it could not be written.
Result<void> raise_data_format(const std::string& data);

}  // namespace bascule::app

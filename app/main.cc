// bascule: the program. Everything is in commands/.
#include "app/commands/commands.h"

int main(int argc, char** argv) { return bascule::app::run_command_line(argc, argv); }

# SPDX-License-Identifier: ISC
# fish completion of kmemctl(1): it knows by itself what could come next.

function __kmemctl_complete
	set -l words (commandline -opc)
	set -l typed (commandline -ct)
	set -l program $words[1]
	set -e words[1]
	$program --complete $words "$typed" 2>/dev/null
end

complete -c kmemctl -f -a '(__kmemctl_complete)'
complete -c kmemctl -s s -l socket -r -F

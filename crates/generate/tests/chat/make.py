"""Writes `expected.json` beside this file: chat templates in the styles that published models have, and
the prompts that transformers makes of chats with them, or its error.

    pip install transformers==5.24.0 jinja2==3.1.6
    python make.py

The templates are our own.
"""

import json
from pathlib import Path

from transformers.utils.chat_template_utils import render_jinja_template

SPECIAL = {"bos_token": "<s>", "eos_token": "</s>"}
TEMPLATES = {
    "chatml": """{%- for message in messages %}
    {{- '<|im_start|>' + message.role + '\\n' + message['content'] + '<|im_end|>\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
{%- endif %}
""",
    "inst": """{{ bos_token }}{% if messages[0]['role'] == 'system' %}{% set system = messages[0]['content'] | trim + '\\n\\n' %}{% set messages = messages[1:] %}{% else %}{% set system = '' %}{% endif %}
{% for message in messages %}
{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}
{{ raise_exception('Roles must alternate user/assistant/user/assistant/...') }}
{% endif %}
{% if message['role'] == 'user' %}
{{ '[INST] ' + (system if loop.first else '') + message['content'].strip() + ' [/INST]' }}
{% elif message['role'] == 'assistant' %}
{{ ' ' + message['content'].strip() + eos_token }}
{% endif %}
{% endfor %}""",
    "header": """{{- bos_token }}
{%- if not date_string is defined %}
    {%- if strftime_now is defined %}
        {%- set date_string = strftime_now('%Y')[:2] %}
    {%- endif %}
{%- endif %}
{%- set ns = namespace(system='', n=0) %}
{%- for message in messages if message.role == 'system' %}
    {%- set ns.system = ns.system ~ message.content %}
{%- endfor %}
{{- '<|start_header_id|>system<|end_header_id|>\\n\\nCentury: ' ~ date_string ~ '\\n' }}
{%- if tools is not none %}{{- 'tools: ' + tools | tojson }}{%- endif %}
{{- ns.system ~ '<|eot_id|>' }}
{%- for message in messages %}
    {%- if message.role == 'system' %}{% continue %}{% endif %}
    {%- set ns.n = ns.n + 1 %}
    {{- '<|start_header_id|>' ~ message.role ~ '<|end_header_id|>\\n\\n' }}
    {%- generation %}{{- message.content | trim ~ '<|eot_id|>' }}{%- endgeneration %}
{%- endfor %}
{%- if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{% endif %}
{{- '#' ~ ns.n }}""",
    "turns": """{{ bos_token }}
{%- if messages[0]['role'] == 'system' -%}
    {{ raise_exception('System role not supported') }}
{%- endif -%}
{%- for message in messages -%}
    {%- set role = 'model' if message['role'] == 'assistant' else message['role'] -%}
    {{ '<start_of_turn>' + role + '\\n' + message['content'] | trim + '<end_of_turn>\\n' }}
{%- endfor -%}
{%- if add_generation_prompt -%}{{'<start_of_turn>model\\n'}}{%- endif -%}""",
    "thinking": """{%- macro tag(role, text) %}{{ '<|' ~ role ~ '|>' ~ text }}{% endmacro %}
{%- for message in messages[::-1] %}
    {%- set content = message.content if message.content is string else message.content | map(attribute='text') | join(' ') %}
    {%- if '</think>' in content %}
        {%- set content = content.split('</think>')[-1].lstrip('\\n') %}
    {%- endif %}
    {{- tag(message.role, content.replace('\\t', ' ').rstrip()) }}
    {%- if message.tool_calls %}
        {%- for call in message.tool_calls %}
            {{- '\\n' ~ call.function.name ~ ' ' ~ call.function.arguments | tojson }}
            {{- call | tojson(indent=2) }}
        {%- endfor %}
    {%- endif %}
    {{- ' ' }}{{ loop.last }}{{ ' ' ~ message.get('name', 'none') ~ ' ' }}{{ none }}
    {%- for key, value in message.items() %}{{ key }}{{ ',' if not loop.last }}{% endfor %}
{%- endfor %}
{%- if messages | selectattr('role', 'equalto', 'user') | list | length > 1 %}{{ 'more' }}{% endif %}
{%- for i in range(5) %}{% if i == 3 %}{% break %}{% endif %}{{ i }}{% endfor %}
""",
}
CALL = {"function": {"name": "weather", "arguments": {"city": "Zürich <b>", "days": [1, 2], "dry": True, "unit": None}}}
CHATS = [
    [{"role": "user", "content": "Hello there"}],
    [{"role": "system", "content": " Be brief. "}, {"role": "user", "content": "  Is 2 < 3 & 'so'?\n"}],
    [
        {"role": "user", "content": "Eins"},
        {"role": "assistant", "content": "<think>\nhm\n</think>\n\nZwei\t€ "},
        {"role": "user", "content": "Drei"},
    ],
    [
        {"role": "user", "content": [{"type": "text", "text": "one"}, {"type": "text", "text": "two"}]},
        {"role": "assistant", "content": "", "tool_calls": [CALL], "name": "helper"},
    ],
    [{"role": "user", "content": "a"}, {"role": "user", "content": "b"}],
    [],
]


def prompt(template, chat):
    try:
        made, _ = render_jinja_template([chat], chat_template=template, add_generation_prompt=True, **SPECIAL)
        return {"prompt": made[0]}
    except Exception as error:
        return {"error": str(error)}


def main():
    out = {"special": SPECIAL, "chats": CHATS, "templates": {}}
    for name, template in TEMPLATES.items():
        # Lists as text are Python's own.
        suits = [name not in ("header", "turns") or i != 3 for i in range(len(CHATS))]
        made = [prompt(template, chat) if suits[i] else None for i, chat in enumerate(CHATS)]
        out["templates"][name] = {"template": template, "made": made}
    text = json.dumps(out, indent=1, ensure_ascii=False)
    (Path(__file__).parent / "expected.json").write_text(text + "\n")


if __name__ == "__main__":
    main()

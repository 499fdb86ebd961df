{# What the confidence of a reading is of: the intent to leave where it hears one, for that weighs most; the level otherwise. #}
{% macro measured_answer(reading) -%}
    case when {{ reading }}.churn_intent <> 'none' then {{ reading }}.churn_intent else {{ reading }}.sentiment end
{%- endmacro %}

{% macro measured_subject(reading) -%}
    case when {{ reading }}.churn_intent <> 'none' then 'intent' else 'sentiment' end
{%- endmacro %}

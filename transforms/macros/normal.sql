{#
    How likely a standard normal number is above z. Neither engine has erf(); this is the complementary error function of Press et al., "Numerical Recipes
    in C" (2nd ed. 1992, section 6.2, `erfcc`), a Chebyshev fit whose error is below 1.2e-7 of the value everywhere, far tails included, where
    Abramowitz and Stegun 26.2.17 is a third off. Beyond |z| = 36 the value stays: exp() of less is an error on Postgres. `z` stands ten times in the
    expression: give it a column.
#}
{% macro normal_upper_tail(z) -%}
    {%- set x = "(least(abs(" ~ z ~ "), 36) / 1.4142135623730951)" -%}
    {%- set t = "(1 / (1 + 0.5 * " ~ x ~ "))" -%}
    {%- set coefficients = [-1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398, 1.48851587, -0.82215223, 0.17087277] -%}
    {%- set tail -%}
        0.5 * {{ t }} * exp(-{{ x }} * {{ x }}
        {%- for coefficient in coefficients %} {{ "+ (" if loop.first else " + " ~ t ~ " * (" }}{{ coefficient }}{% endfor %}
        {%- for coefficient in coefficients %}){% endfor %})
    {%- endset -%}
    (case when {{ z }} >= 0 then {{ tail }} else 1 - {{ tail }} end)
{%- endmacro %}

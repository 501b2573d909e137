"""Service in the field: machines at customers fail and are put right by a crew that travels. Pilots C3 and C6.

`rules` are the figures of the plant, `fleet` lets them fail and be repaired, `minds` decide by what service books and
data links tell, `pilot` puts both together and adds up what came of it.
"""

class Parcel:
    def __init__(self, weight_kg, surcharge=None):
        self.weight_kg = weight_kg
        self.surcharge = surcharge


def cost(parcel):
    return 4.5 * parcel.weight_kg + parcel.surcharge


def quote(parcels):
    return [round(cost(parcel), 2) for parcel in parcels]


print(quote([Parcel(2.0, 1.5), Parcel(0.4)]))

from fault import Faults

fault = Faults("python", wide=True)
